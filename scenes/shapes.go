package scenes

// shapes holds, for each category, what puts its shape into a plan. Proportions
// and details vary with the plan's dice.
var shapes = [categoryEnd]func(*plan){
	Sedan: drawSedan, Convertible: drawConvertible, Van: drawVan, Pickup: drawPickup, Bus: drawBus, Sailboat: drawSailboat, Airplane: drawAirplane,
	Oak: drawOak, Pine: drawPine, Cactus: drawCactus, Flower: drawFlower, Mushroom: drawMushroom,
	Cat: drawCat, Fish: drawFish, Bird: drawBird, Butterfly: drawButterfly, Turtle: drawTurtle, Snail: drawSnail, Elephant: drawElephant,
	House: drawHouse, Lighthouse: drawLighthouse, Castle: drawCastle, Windmill: drawWindmill,
	Mug: drawMug, Chair: drawChair, Lamp: drawLamp, Clock: drawClock, Umbrella: drawUmbrella, Shirt: drawShirt, Guitar: drawGuitar,
	Star: drawStar, Moon: drawMoon, Cloud: drawCloud, Kite: drawKite, Balloon: drawBalloon, Heart: drawHeart,
}
